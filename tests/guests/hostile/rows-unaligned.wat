;; Returns rows at an odd address. A trap.
(module
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
    (i32.store (i32.const 1036) (i32.const 2049)) (i32.store (i32.const 1040) (i32.const 4))
    i32.const 1024))
