;; Calls itself without end. The stack's end is a trap, not a crash.
(module
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (func $deep (param i64) (result i64) (i64.add (call $deep (i64.add (local.get 0) (i64.const 1))) (local.get 0)))
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
    (drop (call $deep (i64.const 0)))
    i32.const 1024))
