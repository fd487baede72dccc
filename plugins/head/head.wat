;; The first rows of the list at the port "ranked", as many as are wanted, without excluded rows and rows that are not
;; allowed. Scores, sources and columns stay beside their rows.
;;
;; A fallback that costs next to nothing: between a ranker and an agent that may fail (`inputs = { ranked = "head" }`,
;; `on_fault = { node = "head" }`) it has the answer ready that stands in. Nothing is allocated but one number a row:
;; what is kept moves forward where the host wrote it.
;;
;; sdk/wat/template explains the layout of the records. Addresses in this file, in bytes:
;;
;;      16 texts     1024 what it says of itself     2048 results     4096 the arena of a call
(module
  (memory (export "memory") 1)

  ;; ---- What the agent is -------------------------------------------------------------------------------------------

  (data (i32.const 16) "head")
  (data (i32.const 32) "0.1.0")
  (data (i32.const 48) "the first rows of a list that may be in the answer")
  (data (i32.const 112) "ndcg@10")
  (data (i32.const 128) "ranked")
  (data (i32.const 144) "port \"ranked\" takes candidates: connect a node that ranks")
  (data (i32.const 224) "head has no state to restore: take the state out of the graph file")

  (data (i32.const 1024)
    (i32 16 4 32 5 48 50)  ;; name, version, summary
    (i8 4 0) (i16 0)       ;; role: reranking; layer: decision
    (i32 112 7)            ;; inner metric
    (i8 1) (i8 0 0 0)      ;; reward level: outer
    (i32 1128 1)           ;; inputs
    (i8 0) (i8 0 0 0)      ;; output: candidates
    (i32 8 0)              ;; produces nothing beside what it passes on
    (i32 0)                ;; history: none
    (i32 8 0)              ;; facts: none
    (i32 8 0)              ;; parameters: none
    (i32 8 0)              ;; schema of the state: none
    (i8 0))                ;; learning: anew
  (data (i32.const 1128)
    (i32 128 6)            ;; the one input: its port
    (i8 0 0) (i16 0)       ;; of candidates; not optional
    (i32 8 0))             ;; columns that it has to have: none

  (func (export "greenroom:agent/lifecycle@0.2.0#describe") (result i32) (i32.const 1024))

  ;; There is nothing to configure.
  (func (export "greenroom:agent/lifecycle@0.2.0#configure") (param i32 i32) (result i32)
    (i32.store8 (i32.const 2048) (i32.const 0))
    (i32.const 2048))

  (func (export "greenroom:agent/lifecycle@0.2.0#snapshot") (result i32)
    (i32.store8 (i32.const 2048) (i32.const 0))
    (i64.store (i32.const 2052) (i64.const 8)) ;; the schema and the bytes: an empty list each
    (i64.store (i32.const 2060) (i64.const 8))
    (i32.const 2048))

  (func (export "greenroom:agent/lifecycle@0.2.0#restore")
    (param $schema i32) (param $schema_length i32) (param $bytes i32) (param $length i32) (result i32)
    (i32.store8 (i32.const 2048) (i32.const 0))
    (if (i32.or (local.get $schema_length) (local.get $length))
      (then
        (i32.store8 (i32.const 2048) (i32.const 1))
        (call $fault (i32.const 2052) (i32.const 2) (i32.const 224) (i32.const 66))))
    (i32.const 2048))

  ;; ---- What it decides ---------------------------------------------------------------------------------------------

  ;; Where in the list the rows that are kept stand: one i32 a row.
  (global $places (mut i32) (i32.const 0))
  (global $kept (mut i32) (i32.const 0))

  (func (export "greenroom:agent/policy@0.2.0#decide") (param $seen i32) (result i32)
    (local $ranked i32)
    (local.set $ranked (call $input (local.get $seen)))
    (i32.store8 (i32.const 2048) (i32.const 0))          ;; ok
    (i32.store8 (i32.const 2056) (i32.const 0))          ;; candidates, which begin at 2060
    (i32.store8 (i32.const 2096) (i32.const 0))          ;; no record of a policy
    (if (i32.eqz (local.get $ranked))                    ;; nothing arrived: no candidates
      (then
        (i64.store (i32.const 2060) (i64.const 8))
        (i64.store (i32.const 2068) (i64.const 8))
        (i64.store (i32.const 2076) (i64.const 8))
        (i64.store (i32.const 2084) (i64.const 8))
        (return (i32.const 2048))))
    (if (i32.load8_u (local.get $ranked))                ;; it is no list of candidates
      (then
        (i32.store8 (i32.const 2048) (i32.const 1))
        (call $fault (i32.const 2056) (i32.const 1) (i32.const 144) (i32.const 57))
        (return (i32.const 2048))))
    (memory.copy (i32.const 2060) (i32.add (local.get $ranked) (i32.const 4)) (i32.const 32))
    (call $choose (local.get $seen) (i32.load (i32.const 2060)) (i32.load (i32.const 2064)))
    (call $keep (i32.const 2060) (i32.const 4))          ;; rows
    (call $keep (i32.const 2068) (i32.const 4))          ;; scores
    (call $keep (i32.const 2076) (i32.const 8))          ;; sources
    (call $keep_columns (i32.load (i32.const 2084)) (i32.load (i32.const 2088)))
    (i32.const 2048))

  ;; The payload that arrived at the port "ranked"; 0 when none did.
  (func $input (param $seen i32) (result i32)
    (local $at i32) (local $left i32)
    (local.set $at (i32.load offset=132 (local.get $seen)))
    (local.set $left (i32.load offset=136 (local.get $seen)))
    (loop $next
      (if (local.get $left)
        (then
          (if (call $is_ranked (i32.load (local.get $at)) (i32.load offset=4 (local.get $at)))
            (then (return (i32.add (local.get $at) (i32.const 16)))))
          (local.set $at (i32.add (local.get $at) (i32.const 52)))
          (local.set $left (i32.sub (local.get $left) (i32.const 1)))
          (br $next))))
    (i32.const 0))

  (func $is_ranked (param $text i32) (param $length i32) (result i32)
    (if (i32.ne (local.get $length) (i32.const 6)) (then (return (i32.const 0))))
    (i32.and ;; "rank" and "ed"
      (i32.eq (i32.load (local.get $text)) (i32.load (i32.const 128)))
      (i32.eq (i32.load16_u offset=4 (local.get $text)) (i32.load16_u (i32.const 132)))))

  ;; Notes the places of the first rows that may be in the answer, `limit` at the most.
  (func $choose (param $seen i32) (param $rows i32) (param $n i32)
    (local $limit i32) (local $place i32)
    (local.set $limit (i32.load offset=40 (local.get $seen)))
    (global.set $kept (i32.const 0))
    (global.set $places (call $take (i32.mul (local.get $n) (i32.const 4))))
    (loop $next
      (if (i32.and
            (i32.lt_u (local.get $place) (local.get $n))
            (i32.lt_u (global.get $kept) (local.get $limit)))
        (then
          (if (call $admits (local.get $seen) (i32.load (call $at (local.get $rows) (local.get $place) (i32.const 4))))
            (then
              (i32.store (call $at (global.get $places) (global.get $kept) (i32.const 4)) (local.get $place))
              (global.set $kept (i32.add (global.get $kept) (i32.const 1)))))
          (local.set $place (i32.add (local.get $place) (i32.const 1)))
          (br $next)))))

  ;; Excluded rows stand at 72 of an observation; at 80 whether only some are allowed, and those at 84.
  (func $admits (param $seen i32) (param $row i32) (result i32)
    (if (call $has (i32.add (local.get $seen) (i32.const 72)) (local.get $row)) (then (return (i32.const 0))))
    (if (i32.eqz (i32.load8_u offset=80 (local.get $seen))) (then (return (i32.const 1))))
    (call $has (i32.add (local.get $seen) (i32.const 84)) (local.get $row)))

  ;; Whether an ascending list, which is described at an address, has a row.
  (func $has (param $list i32) (param $row i32) (result i32)
    (local $from i32) (local $to i32) (local $middle i32) (local $found i32)
    (local.set $to (i32.load offset=4 (local.get $list)))
    (loop $next
      (if (i32.lt_u (local.get $from) (local.get $to))
        (then
          (local.set $middle (i32.shr_u (i32.add (local.get $from) (local.get $to)) (i32.const 1)))
          (local.set $found (i32.load (call $at (i32.load (local.get $list)) (local.get $middle) (i32.const 4))))
          (if (i32.eq (local.get $found) (local.get $row)) (then (return (i32.const 1))))
          (if (i32.lt_u (local.get $found) (local.get $row))
            (then (local.set $from (i32.add (local.get $middle) (i32.const 1))))
            (else (local.set $to (local.get $middle))))
          (br $next))))
    (i32.const 0))

  ;; Keeps of a list, which is described at an address, the values at the noted places. An empty list stays empty.
  (func $keep (param $list i32) (param $width i32)
    (local $values i32) (local $i i32) (local $place i32)
    (if (i32.eqz (i32.load offset=4 (local.get $list))) (then (return)))
    (local.set $values (i32.load (local.get $list)))
    (i32.store offset=4 (local.get $list) (global.get $kept))
    (loop $next
      (if (i32.lt_u (local.get $i) (global.get $kept))
        (then
          (local.set $place (i32.load (call $at (global.get $places) (local.get $i) (i32.const 4))))
          (if (i32.ne (local.get $place) (local.get $i))
            (then
              (memory.copy
                (call $at (local.get $values) (local.get $i) (local.get $width))
                (call $at (local.get $values) (local.get $place) (local.get $width))
                (local.get $width))))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br $next)))))

  ;; A column is 20 bytes: its name, at 8 the case of its values (1: of eight bytes), at 12 the list of them.
  (func $keep_columns (param $column i32) (param $left i32)
    (loop $next
      (if (local.get $left)
        (then
          (call $keep
            (i32.add (local.get $column) (i32.const 12))
            (select (i32.const 8) (i32.const 4) (i32.eq (i32.load8_u offset=8 (local.get $column)) (i32.const 1))))
          (local.set $column (i32.add (local.get $column) (i32.const 20)))
          (local.set $left (i32.sub (local.get $left) (i32.const 1)))
          (br $next)))))

  ;; ---- Tools -------------------------------------------------------------------------------------------------------

  (func $at (param $list i32) (param $i i32) (param $width i32) (result i32)
    (i32.add (local.get $list) (i32.mul (local.get $i) (local.get $width))))

  (func $fault (param $to i32) (param $kind i32) (param $message i32) (param $length i32)
    (i32.store8 (local.get $to) (local.get $kind))
    (i32.store offset=4 (local.get $to) (local.get $message))
    (i32.store offset=8 (local.get $to) (local.get $length))
    (i32.store8 offset=12 (local.get $to) (i32.const 0)))

  ;; The arena: memory of one call, taken from the front and given back all at once.
  (global $free (mut i32) (i32.const 4096))

  (func $take (param $size i32) (result i32)
    (local $from i32) (local $missing i32)
    (local.set $from (global.get $free))
    (global.set $free (i32.and (i32.add (i32.add (local.get $from) (local.get $size)) (i32.const 7)) (i32.const -8)))
    (local.set $missing (i32.sub (global.get $free) (i32.shl (memory.size) (i32.const 16))))
    (if (i32.gt_s (local.get $missing) (i32.const 0))
      (then
        (if (i32.eq
              (memory.grow (i32.shr_u (i32.add (local.get $missing) (i32.const 0xffff)) (i32.const 16)))
              (i32.const -1))
          (then unreachable))))
    (local.get $from))

  (func (export "cabi_realloc") (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
    (local $new i32)
    (local.set $new (call $take (local.get $size)))
    (memory.copy
      (local.get $new)
      (local.get $old)
      (select (local.get $old_size) (local.get $size) (i32.lt_u (local.get $old_size) (local.get $size))))
    (local.get $new))

  (func (export "cabi_post_greenroom:agent/policy@0.2.0#decide")
    (export "cabi_post_greenroom:agent/lifecycle@0.2.0#configure")
    (export "cabi_post_greenroom:agent/lifecycle@0.2.0#snapshot")
    (export "cabi_post_greenroom:agent/lifecycle@0.2.0#restore")
    (param i32)
    (global.set $free (i32.const 4096)))
)
