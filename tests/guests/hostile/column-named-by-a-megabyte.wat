;; Returns a column whose name is 1 MiB of escape characters. The answer is refused, in one line of readable text.
(module
  (memory (export "memory") 32)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
    (memory.fill (i32.const 65536) (i32.const 27) (i32.const 1048576))
    (i32.store (i32.const 1060) (i32.const 4096)) (i32.store (i32.const 1064) (i32.const 1))
    (i32.store (i32.const 4096) (i32.const 65536)) (i32.store (i32.const 4100) (i32.const 1048576))
    i32.const 1024))
