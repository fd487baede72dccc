;; Returns a hundred columns beside no row. The answer is refused.
(module
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
    (i32.store (i32.const 1060) (i32.const 8192)) (i32.store (i32.const 1064) (i32.const 100))
    i32.const 1024))
