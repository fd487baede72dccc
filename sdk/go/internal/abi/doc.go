// Package abi is where the canonical ABI meets Go: reading what the host wrote into linear memory, and laying out what
// it reads. It is the only package that turns numbers into pointers.
//
// Go's pointers are 64 bits wide on wasm while addresses in the ABI have 32, so that no Go struct has the layout of a
// record of the contract: records are read and written field by field, at offsets. Columns are not: a slice over the
// list's memory is the list.
package abi
