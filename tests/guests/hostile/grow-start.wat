;; Grows its memory in its start function. Ends at the budget of instantiation.
(module
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (func $start
    (if (i32.eq (memory.grow (i32.const 60000)) (i32.const -1)) (then unreachable)))
  (start $start)
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
    i32.const 1024))
