;; Reads through a handle that it made up. A trap.
(module
  (import "greenroom:agent/memory@0.1.0" "[method]namespace.get" (func $get (param i32 i32 i32 i32)))
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
    (call $get (i32.const 12345) (i32.const 16) (i32.const 1) (i32.const 512))
    i32.const 1024))
