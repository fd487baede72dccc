;; Branches by a table of branches with an index far out of it, to a division by zero. A trap.
(module
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
    (block $a
      (block $b (br_table $a $b (i32.const 0x80000000)))
      (drop (i32.div_s (i32.const 1) (i32.const 0))))
    unreachable
    i32.const 1024))
