;; Draws random bytes for ever, a MiB at a time. Ends at its deadline, its fuel or its number of host calls.
(module
  (import "wasi:random/random@0.2.0" "get-random-bytes" (func $random (param i64 i32)))
  (memory (export "memory") 32)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 65536)
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
    (loop $again (call $random (i64.const 65536) (i32.const 512)) (br $again))
    i32.const 1024))
