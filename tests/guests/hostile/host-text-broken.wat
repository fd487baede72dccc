;; Hands the host a name that is no UTF-8, and lies past its memory. A trap.
(module
  (import "greenroom:agent/memory@0.1.0" "open" (func $open (param i32 i32 i32)))
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
    (call $open (i32.const 65530) (i32.const 100) (i32.const 256))
    i32.const 1024))
