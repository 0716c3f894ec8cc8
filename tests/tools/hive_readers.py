# SPDX-License-Identifier: Apache-2.0
"""A hive as other people's readers see it: python3 hive_readers.py regipy|registry|hivex|yarp FILE [LOG1 [LOG2]]

Prints JSON: {path: {value name: [type, hex of the bytes]}}, root "", default value "". regipy and
python-registry decode some values: the bytes are null where they do not keep them. With logs: recovered by that reader first (regipy, yarp).
Where two values of a key have one name the last counts.
"""
import json
import os
import resource
import struct
import sys
import tempfile


def hivex(path):
    import hivex as lib
    h = lib.Hivex(path)
    out, todo = {}, [("", h.root())]
    while todo:
        at, node = todo.pop()
        out[at] = {}
        for v in h.node_values(node):
            t, data = h.value_value(v)
            out[at][h.value_key(v)] = [t & 0xFFFFFFFF, data.hex()]
        for c in h.node_children(node):
            todo.append((at + "\\" + h.node_name(c) if at else h.node_name(c), c))
    return out


def registry_keeps(kind, raw_length):
    """Whether python-registry's raw_data is the bytes: it reads some types with a length of its own."""
    n, resident = raw_length & 0x7FFFFFFF, raw_length >> 31
    if n == 0:
        return False
    if resident:
        return kind in (0, 3, 6, 8, 9, 10) or (kind == 4 and n == 4)
    return {4: False, 5: n == 4, 11: n == 8}.get(kind, kind < 0x10000)


def registry(path):
    from Registry import Registry as lib
    out, todo = {}, [("", lib.Registry(path).root())]
    while todo:
        at, key = todo.pop()
        out[at] = {}
        for v in key.values():
            name = "" if v.name() == "(default)" else v.name()
            kind = v._vkrecord.unpack_dword(0xC)  # value_type() cuts it to 16 bits
            keeps = registry_keeps(kind, v._vkrecord.raw_data_length())
            out[at][name] = [kind, v.raw_data().hex() if keeps else None]
        for c in key.subkeys():
            todo.append((at + "\\" + c.name() if at else c.name(), c))
    return out


TYPES = {"REG_NONE": 0, "REG_SZ": 1, "REG_EXPAND": 2, "REG_EXPAND_SZ": 2, "REG_BINARY": 3, "REG_DWORD": 4,
         "REG_DWORD_BIG_ENDIAN": 5, "REG_LINK": 6, "REG_MULTI_SZ": 7, "REG_RESOURCE_LIST": 8,
         "REG_FULL_RESOURCE_DESCRIPTOR": 9, "REG_RESOURCE_REQUIREMENTS_LIST": 10, "REG_QWORD": 11}


def regipy(path, *logs):
    import logging
    from regipy.recovery import apply_transaction_logs
    from regipy.registry import RegistryHive
    logging.disable(logging.CRITICAL)
    if logs:
        folder = tempfile.mkdtemp()
        path, _ = apply_transaction_logs(path, logs[0], logs[1] if len(logs) > 1 else None,
                                         os.path.join(folder, "restored"))
    out, todo = {}, [("", RegistryHive(path).root)]
    while todo:
        at, key = todo.pop()
        out[at] = {}
        for v in key.iter_values(trim_values=False) or []:
            name, t, data = "" if v.name == "(default)" else v.name, v.value_type, None
            if t == "REG_DWORD" and isinstance(v.value, int):
                data = struct.pack("<I", v.value & 0xFFFFFFFF).hex()
            elif isinstance(v.value, bytes):
                data = v.value.hex()
            out[at][name] = [TYPES.get(t, t), data]
        if key.subkey_count:
            for c in key.iter_subkeys() or []:
                todo.append((at + "\\" + c.name if at else c.name, c))
    return out


def yarp(path, *logs):
    from yarp import Registry
    files = [open(p, "rb") for p in logs]
    files = [None, *files] if len(files) == 2 else [*files, None, None]
    h = Registry.RegistryHive(open(path, "rb"))
    if logs:
        h.recover_auto(*files)
    out, todo = {}, [("", h.root_key())]
    while todo:
        at, key = todo.pop()
        out[at] = {}
        for v in key.values():
            out[at][v.name() or ""] = [v.type_raw(), v.data_raw().hex()]
        for c in key.subkeys():
            todo.append((at + "\\" + c.name() if at else c.name(), c))
    return out


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))  # some hives make some readers go round in circles
    resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
    json.dump(globals()[sys.argv[1]](*sys.argv[2:]), sys.stdout)
