;; Calls a function through a table by another type. A trap.
(module
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (table 1 funcref)
  (elem (i32.const 0) $f)
  (func $f (param i64 i64))
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
    (call_indirect (param i32) (i32.const 0) (i32.const 0))
    i32.const 1024))
