module scorer

go 1.24

require greenroom v0.0.0

// `greenroom build` lays the SDK out here.
replace greenroom => ./build/sdk
