;; Scribbles over all of its memory, after looking for what an earlier instance left there. Traps when it finds
;; anything: it must not.
(module
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32) (local $at i32)
    (drop (memory.grow (i32.const 63)))
    (local.set $at (i32.const 131072))
    (loop $again
      (if (i64.ne (i64.load (local.get $at)) (i64.const 0)) (then unreachable))
      (i64.store (local.get $at) (i64.const -1))
      (br_if $again (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 8))) (i32.const 4194304))))
    i32.const 1024))
