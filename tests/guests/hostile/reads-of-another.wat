;; Opens the namespace of another agent. Denied; it traps when it gets in.
(module
  (import "greenroom:agent/memory@0.1.0" "open" (func $open (param i32 i32 i32)))
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (data (i32.const 16) "secret")
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
    (call $open (i32.const 16) (i32.const 6) (i32.const 256))
    (if (i32.eqz (i32.load8_u (i32.const 256))) (then unreachable))
    i32.const 1024))
