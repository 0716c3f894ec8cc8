// The machine's PATH.
#ifndef WG_IMAGE_REG_PATH_H
#define WG_IMAGE_REG_PATH_H

#include "image/reg/edits.h"

// The machine's PATH gets the folder, once, however it is written there.
void wg_path_edits(wg_reg_edits *e, const char *folder, const char *origin);

#endif
