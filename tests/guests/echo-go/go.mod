module echo-go

go 1.24

require greenroom v0.0.0

replace greenroom => ./build/sdk
