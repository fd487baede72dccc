;; Writes into a namespace that it may read. Denied; it traps when it gets through.
(module
  (import "greenroom:agent/memory@0.1.0" "open" (func $open (param i32 i32 i32)))
  (import "greenroom:agent/memory@0.1.0" "[method]namespace.put" (func $put (param i32 i32 i32 i32 i32 i32)))
  (import "greenroom:agent/memory@0.1.0" "[resource-drop]namespace" (func $drop (param i32)))
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (data (i32.const 16) "shared")
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
    (call $open (i32.const 16) (i32.const 6) (i32.const 256))
    (call $put (i32.load (i32.const 264)) (i32.const 16) (i32.const 6) (i32.const 16) (i32.const 6) (i32.const 512))
    (if (i32.eqz (i32.load8_u (i32.const 512))) (then unreachable))
    (call $drop (i32.load (i32.const 264)))
    i32.const 1024))
