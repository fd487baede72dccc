package main

import "greenroom"

func (e *echo) Configure(params greenroom.Params) error {
	f, err := params.Float("f")
	if err != nil {
		return err
	}
	g, err := params.Float("g")
	if err != nil {
		return err
	}
	i, err := params.Integer("i")
	if err != nil {
		return err
	}
	c, err := params.Choice("c")
	if err != nil {
		return err
	}
	b, err := params.Boolean("b")
	if err != nil {
		return err
	}
	rows, err := params.Items("rows")
	if err != nil {
		return err
	}
	weights, err := params.Numbers("weights")
	if err != nil {
		return err
	}
	if i == 5 {
		return greenroom.InvalidParameters("i is 5")
	}
	setup := begin
	setup.f64(f)
	setup.f64(g)
	setup.whole(uint64(i), 8)
	setup.text(c)
	setup.flag(b)
	setup.u32s(rows)
	setup.weights(weights)
	e.setup = setup
	return nil
}

func (h *hash) weights(weights greenroom.NumberValues) {
	switch {
	case weights.Named != nil:
		h.u8(2)
		h.u32(uint32(len(weights.Named)))
		for _, name := range weights.Names() {
			h.text(name)
			h.f64(weights.Named[name])
		}
	case weights.List != nil:
		h.u8(1)
		each(h, weights.List, h.f64)
	default:
		h.u8(0)
	}
}
