;; Asks for 2^60 random bytes at once. A trap before anything is made for them.
(module
  (import "wasi:random/random@0.2.0" "get-random-bytes" (func $random (param i64 i32)))
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
    (call $random (i64.const 0x1000000000000000) (i32.const 512))
    i32.const 1024))
