;; Traps with a namespace open and a write just done. One fault, and the handle is gone with the instance.
(module
  (import "greenroom:agent/memory@0.1.0" "open" (func $open (param i32 i32 i32)))
  (import "greenroom:agent/memory@0.1.0" "[method]namespace.put" (func $put (param i32 i32 i32 i32 i32 i32)))
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (data (i32.const 16) "mine")
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
    (call $open (i32.const 16) (i32.const 4) (i32.const 256))
    (call $put (i32.load (i32.const 264)) (i32.const 16) (i32.const 4) (i32.const 16) (i32.const 4) (i32.const 512))
    unreachable
    i32.const 1024))
