"""What README.md shows is what happens: its commands are run, and their output is compared."""
import re
import shlex

from conftest import needs, start


def tour(root):
    """[(command, [line of output])] between the marks in README.md."""
    text = (root / "README.md").read_text()
    block = re.search(r"<!-- tour: begin.*?```console\n(.*?)```", text, re.S).group(1)
    steps = []
    for line in block.splitlines():
        if line.startswith("$ "):
            steps.append((line[2:], []))
        else:
            steps[-1][1].append(line)
    return steps


def plain(lines):
    """Times and sizes differ from run to run, and steps that run side by side end in any order."""
    out = []
    for line in lines:
        line = re.sub(r"(\d+ min )?\d+(\.\d+)? (s|ms)\b", "TIME", line)
        out.append(re.sub(r"\d+(\.\d+)*", "N", line).rstrip())
    return sorted(out)


def test_the_tour(root, wingo, env, tmp_path):
    needs("go", "bash")
    steps = tour(root)
    assert len(steps) >= 8 and any(command == "wingo build" for command, _ in steps)
    e = dict(env, PATH=f"{wingo.parent}:{env['PATH']}")
    mark = "--- next ---"
    script = "\n".join(f"echo {shlex.quote(mark)}; {command}" for command, _ in steps)
    r = start(["bash", "--norc", "-c", f"exec 2>&1\n{script}\n"], cwd=tmp_path, env=e, timeout=900)
    outputs = [part.splitlines() for part in r.out.split(mark + "\n")[1:]]
    assert len(outputs) == len(steps), r
    for (command, want), got in zip(steps, outputs):
        assert plain(got) == plain(want), f"README.md shows another output of: {command}\n" + "\n".join(got)


def test_every_command_that_the_documents_name_exists(root, run):
    for name in ["README.md", "docs/HACKING.md", "docs/ARCHITECTURE.md", "docs/errors.md"]:
        for command in set(re.findall(r"`wingo ([a-z]+)", (root / name).read_text())):
            if command not in ("init",):
                r = run("help", command)
                assert r.code == 0, f"{name} names 'wingo {command}', which does not exist"


def test_every_make_target_that_the_documents_name_exists(root):
    targets = set(re.findall(r"^([a-z-]+):", (root / "Makefile").read_text(), re.M))
    for name in ["README.md", "docs/HACKING.md", "docs/ARCHITECTURE.md"]:
        for target in re.findall(r"(?:^    |`)make ([a-z]+)", (root / name).read_text(), re.M):
            assert target in targets, f"{name} names 'make {target}'"


def test_every_file_that_the_documents_name_exists(root):
    for name in ["README.md", "docs/HACKING.md", "docs/ARCHITECTURE.md", "docs/errors.md"]:
        for path in re.findall(r"`((?:src|docs|scripts|tests|fuzz|\.ci)/[\w./-]+)`", (root / name).read_text()):
            assert (root / path).exists(), f"{name} names {path}, which is not there"
