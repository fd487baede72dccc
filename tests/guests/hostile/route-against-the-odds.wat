;; Routes to a branch with probability -1, whose name is an escape sequence. The answer is refused, in readable text.
(module
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (data (i32.const 512) "\1b[2J")
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
    (i32.store8 (i32.const 1032) (i32.const 1))
    (i32.store (i32.const 1036) (i32.const 4096)) (i32.store (i32.const 1040) (i32.const 1))
    (i32.store (i32.const 4096) (i32.const 512)) (i32.store (i32.const 4100) (i32.const 4))
    (f32.store (i32.const 4104) (f32.const -1))
    i32.const 1024))
