package main

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestHealth(t *testing.T) {
	w := httptest.NewRecorder()
	newHandler(time.Now()).ServeHTTP(w, httptest.NewRequest("GET", "/healthz", nil))
	if w.Code != 200 || strings.TrimSpace(w.Body.String()) != "ok" {
		t.Errorf("GET /healthz: %d %q", w.Code, w.Body.String())
	}
}

func TestVersion(t *testing.T) {
	w := httptest.NewRecorder()
	newHandler(time.Now().Add(-90*time.Second)).ServeHTTP(w, httptest.NewRequest("GET", "/version", nil))
	var s status
	if err := json.Unmarshal(w.Body.Bytes(), &s); err != nil {
		t.Fatal(err)
	}
	if s.Version != version || s.UpFor != "1m30s" {
		t.Errorf("GET /version: %+v", s)
	}
}
