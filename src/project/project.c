// SPDX-License-Identifier: Apache-2.0
#include "project/project.h"

#include "project/values.h"

static const char release_pattern[] = "^[vV]?[0-9]{1,9}(\\.[0-9]{1,9}){0,3}([-+][0-9A-Za-z.+-]+)?$";

static const wg_choice versions[] = {{"1", 1, false}, {NULL, 0, false}};

#define PROJECT(field) WG_AT(wg_project, field)
static const wg_key rows[] = {
    {.name = "version",
     .type = WG_KEY_INT,
     .flags = WG_KF_REQUIRED | WG_KF_NO_STORE,
     .choices = versions,
     .doc = "The version of this file's format: 1.",
     .example = "1"},
    {.name = "name",
     .type = WG_KEY_STRING,
     .flags = WG_KF_REQUIRED,
     .at = PROJECT(name),
     .check = wg_cfg_check_name,
     .pattern = wg_cfg_name_pattern,
     .doc = "The project's name: lower-case letters, digits, '.', '_' and '-'.",
     .example = "kiosk"},
    {.name = "release",
     .type = WG_KEY_STRING,
     .flags = WG_KF_VAR | WG_KF_SHOWN,
     .def = "",
     .at = PROJECT(release),
     .pos_at = PROJECT(release_pos),
     .check = wg_cfg_check_release,
     .pattern = release_pattern,
     .doc = "The version of what is built: one to four numbers, and a tail such as `-rc.1`; a `v` "
            "in front is left out. It "
            "goes into version information and the SBOM.",
     .example = "1.4.0"},
    {.name = "time",
     .type = WG_KEY_TIME,
     .flags = WG_KF_VAR | WG_KF_SHOWN,
     .def = "2020-01-01T00:00:00Z",
     .at = PROJECT(time_s),
     .doc = "The time that is written into everything made, so that the same sources give the "
            "same bytes: a date and time (RFC 3339), seconds since 1970, or `commit` for the time "
            "of the last git commit. The environment variable SOURCE_DATE_EPOCH goes before it.",
     .example = "commit"},
    {.name = NULL}};

const wg_section wg_section_project = {.rows = rows};

static const wg_key later_rows[] = {
    WG_KEY_PLANNED("media", "Bootable media: ISO files, USB sticks, disks."),
    WG_KEY_PLANNED("containers", "Container images."),
    WG_KEY_PLANNED("deploy", "Roll-out to Kubernetes and machines."),
    WG_KEY_PLANNED("sign", "Signatures of everything made."),
    WG_KEY_PLANNED("notify", "Messages when something is done or failed."),
    {.name = NULL}};

const wg_section wg_section_later = {.rows = later_rows};
