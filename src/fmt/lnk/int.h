// SPDX-License-Identifier: Apache-2.0
// Numbers that reader and writer of shortcuts share.
#ifndef WG_FMT_LNK_INT_H
#define WG_FMT_LNK_INT_H

#include "fmt/lnk/lnk.h"

#define LNK_HEADER_BYTES 0x4CU
#define LNK_GUID_BYTES 16U
#define LNK_INFO_HEADER_BYTES 0x1CU
#define LNK_INFO_UNICODE_HEADER_BYTES 0x24U
#define LNK_INFO_LOCAL 0x1U // LinkInfoFlags: VolumeIDAndLocalBasePath
#define LNK_VOLUME_HEADER_BYTES 0x10U
#define LNK_ENV_BLOCK_BYTES 0x314U
#define LNK_ENV_ANSI_BYTES 260U
#define LNK_ENV_UNICODE_BYTES 520U
#define LNK_BLOCK_ENV 0xA0000001U
#define LNK_BLOCK_ICON_ENV 0xA0000007U
#define LNK_ITEM_ROOT 0x1FU
#define LNK_ITEM_DRIVE 0x2FU
#define LNK_ITEM_DIR 0x31U
#define LNK_ITEM_FILE 0x32U
#define LNK_ITEM_FIXED_BYTES 12U // of a file's item, in front of its short name
#define LNK_EXT_SIGNATURE 0xBEEF0004U
#define LNK_EXT_NAME_OFF 0x14U // of the long name in an extension block of version 3

extern const uint8_t wg_lnk_class[LNK_GUID_BYTES];
extern const uint8_t wg_lnk_my_computer[LNK_GUID_BYTES];

#endif
