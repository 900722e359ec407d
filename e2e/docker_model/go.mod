module loopgate.dev/e2e/model

go 1.21
