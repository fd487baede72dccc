;; Calls itself without end through a table. The stack's end is a trap, not a crash.
(module
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (table 1 funcref)
  (elem (i32.const 0) $deep)
  (func $deep (result i32) (i32.add (call_indirect (result i32) (i32.const 0)) (i32.const 1)))
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
    (drop (call $deep))
    i32.const 1024))
