module example.test/scan

go 1.25
