;; Returns a column of the wrong length whose name is an escape sequence. The answer is refused, in readable text.
(module
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (data (i32.const 512) "\1b[2J")
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
    (i32.store (i32.const 1036) (i32.const 2048)) (i32.store (i32.const 1040) (i32.const 1))
    (i32.store (i32.const 1044) (i32.const 3072)) (i32.store (i32.const 1048) (i32.const 1))
    (i32.store (i32.const 1060) (i32.const 4096)) (i32.store (i32.const 1064) (i32.const 1))
    (i32.store (i32.const 4096) (i32.const 512)) (i32.store (i32.const 4100) (i32.const 4))
    (i32.store (i32.const 4108) (i32.const 2048)) (i32.store (i32.const 4112) (i32.const 9))
    i32.const 1024))
