module example.com/kiosk/agent

go 1.19
