// SPDX-License-Identifier: Apache-2.0
// A software bill of materials for one Go program: CycloneDX 1.5 JSON, made from the build info
// inside the program alone. Deterministic: same input, same bytes. docs/formats/sbom.md says what
// goes where.
#ifndef WG_FMT_SBOM_H
#define WG_FMT_SBOM_H

#include "crypto/digest.h"
#include "fmt/gobuildinfo/gobuildinfo.h"

typedef struct wg_sbom_in {
  const wg_gobuildinfo *info; // borrowed
  wg_str name;                // of the program; "": the last element of its package path
  wg_str version;             // of the release; "": the main module's, when it has one
  wg_str revision;            // of the source; "": none
  wg_str file_name;           // of the program's file, no folders; "": left out
  const wg_digest *sha256;    // of the program's file; NULL: left out
  wg_str tool_version;        // of wingo; empty: left out
  bool has_time;
  int64_t time_s; // since 1970, years 1970..9999 (SOURCE_DATE_EPOCH); left out without has_time
} wg_sbom_in;

// Appends the document, indented by two, with a newline at its end. USAGE: time_s out of range.
// NOMEM, LIMIT from out.
wg_code wg_sbom_write(const wg_sbom_in *in, wg_buf *out, wg_error *err);

// Appends the package URL of a Go module: "pkg:golang/github.com/a/b@v1.2.3", percent-encoded and
// in lower case as the purl specification wants it for this type. version "" leaves it out.
void wg_purl_golang(wg_buf *out, wg_str path, wg_str version);

#endif
