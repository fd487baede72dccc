;; Scans a namespace of 2 MB for ever. Ends at its bytes through host calls.
(module
  (import "greenroom:agent/memory@0.1.0" "open" (func $open (param i32 i32 i32)))
  (import "greenroom:agent/memory@0.1.0" "[method]namespace.scan" (func $scan (param i32 i32 i32 i32 i32 i32 i32 i32)))
  (memory (export "memory") 128)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 65536)
  (data (i32.const 16) "shared")
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
    (call $open (i32.const 16) (i32.const 6) (i32.const 256))
    (loop $again
      (call $scan (i32.load (i32.const 264)) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const -1) (i32.const 512))
      (br $again))
    i32.const 1024))
