;; Returns a row and a column of nine values. The answer is refused.
(module
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
    (i32.store (i32.const 1036) (i32.const 2048)) (i32.store (i32.const 1040) (i32.const 1))
    (i32.store (i32.const 1044) (i32.const 3072)) (i32.store (i32.const 1048) (i32.const 1))
    (i32.store (i32.const 1060) (i32.const 4096)) (i32.store (i32.const 1064) (i32.const 1))
    (i32.store (i32.const 4108) (i32.const 2048)) (i32.store (i32.const 4112) (i32.const 9))
    i32.const 1024))
