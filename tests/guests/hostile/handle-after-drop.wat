;; Reads through a handle that it has dropped. A trap.
(module
  (import "greenroom:agent/memory@0.1.0" "open" (func $open (param i32 i32 i32)))
  (import "greenroom:agent/memory@0.1.0" "[resource-drop]namespace" (func $drop (param i32)))
  (import "greenroom:agent/memory@0.1.0" "[method]namespace.get" (func $get (param i32 i32 i32 i32)))
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (data (i32.const 16) "shared")
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
    (call $open (i32.const 16) (i32.const 6) (i32.const 256))
    (call $drop (i32.load (i32.const 264)))
    (call $get (i32.load (i32.const 264)) (i32.const 16) (i32.const 1) (i32.const 512))
    i32.const 1024))
