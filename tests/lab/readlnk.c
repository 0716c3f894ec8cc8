// SPDX-License-Identifier: Apache-2.0
// A Windows program for the tests, built by mingw and run under Wine: what the shell itself reads
// in shortcuts. Prints for each file: path, arguments, working folder, description, icon, its
// number, window, one a line as key=value in UTF-8.
#define COBJMACROS
#define INITGUID
#include <initguid.h>
#include <shlobj.h>
#include <stdio.h>

static void say(const char *key, const WCHAR *value) {
  char text[4096];
  int n = WideCharToMultiByte(CP_UTF8, 0, value, -1, text, sizeof(text), NULL, NULL);
  printf("%s=%s\n", key, n > 0 ? text : "?");
}

static int show(IShellLinkW *link, IPersistFile *file, const WCHAR *path) {
  WCHAR text[2048] = L"";
  int n = 0;
  LPITEMIDLIST items = NULL;
  if (FAILED(IPersistFile_Load(file, path, STGM_READ))) {
    return 1;
  }
  IShellLinkW_GetPath(link, text, 2048, NULL, SLGP_RAWPATH);
  say("path", text);
  IShellLinkW_GetArguments(link, text, 2048);
  say("arguments", text);
  IShellLinkW_GetWorkingDirectory(link, text, 2048);
  say("working_dir", text);
  IShellLinkW_GetDescription(link, text, 2048);
  say("description", text);
  text[0] = 0;
  IShellLinkW_GetIconLocation(link, text, 2048, &n);
  say("icon", text);
  printf("icon_index=%d\n", n);
  IShellLinkW_GetShowCmd(link, &n);
  printf("show=%d\n", n);
  text[0] = 0;
  if (SUCCEEDED(IShellLinkW_GetIDList(link, &items)) && items != NULL) {
    SHGetPathFromIDListW(items, text);
  }
  say("items", text);
  return 0;
}

int wmain(int argc, WCHAR **argv) {
  IShellLinkW *link = NULL;
  IPersistFile *file = NULL;
  int failed = 0;
  CoInitialize(NULL);
  for (int i = 1; i < argc; i++) {
    if (FAILED(CoCreateInstance(&CLSID_ShellLink, NULL, CLSCTX_INPROC_SERVER, &IID_IShellLinkW,
                                (void **)&link)) ||
        FAILED(IShellLinkW_QueryInterface(link, &IID_IPersistFile, (void **)&file))) {
      return 2;
    }
    failed |= show(link, file, argv[i]);
    IPersistFile_Release(file);
    IShellLinkW_Release(link);
  }
  return failed;
}
