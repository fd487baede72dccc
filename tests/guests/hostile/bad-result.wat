;; Returns a result that is neither ok nor an error. A trap.
(module
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
    (i32.store8 (i32.const 1024) (i32.const 7))
    i32.const 1024))
