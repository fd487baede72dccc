module __name__

go 1.24

require greenroom v0.0.0

// `greenroom new` and `greenroom build` lay the SDK out here.
replace greenroom => ./build/sdk
