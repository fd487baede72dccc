;; A nested component makes instances of a component that it is given. How many cannot be read: more than any pool
;; has.
(component
  (component $given (core module $m) (core instance (instantiate $m)))
  (component $maker
    (import "c" (component $c))
    (instance (instantiate $c))
    (instance (instantiate $c)))
  (instance (instantiate $maker (with "c" (component $given)))))
