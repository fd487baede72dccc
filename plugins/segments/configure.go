package main

import (
	"strconv"

	"greenroom"
)

// What each segment gets when nothing is said: the less there is to go by, the less is run.
var usual = [segments]struct {
	set     set
	explore float64
}{fresh: {lean, 0.05}, cold: {standard, 0.05}, light: {full, 0}, heavy: {full, 0}}

func (*agent) Describe() greenroom.Descriptor {
	descriptor := greenroom.Descriptor{
		Name:       "segments",
		Version:    "0.1.0",
		Summary:    "picks how much is run by segment and surface, and explores the rest",
		Role:       greenroom.Routing,
		Output:     greenroom.RoutePayload,
		HistoryMax: historyMax,
	}
	for segment, name := range segmentNames {
		byDefault := usual[segment]
		descriptor.Parameters = append(descriptor.Parameters,
			greenroom.Choice("set_"+name, setNames, byDefault.set.String(), "which set runs for "+name+" subjects"),
			greenroom.Float("explore_"+name, 0, 1, byDefault.explore,
				"with which probability "+name+" subjects get the largest set instead").
				When("set_"+name, lean.String(), standard.String()),
		)
	}
	descriptor.Parameters = append(descriptor.Parameters,
		greenroom.Integer("cold_max", 0, historyMax-1, 10,
			"events up to which a subject is cold, where the request has no segment"),
		greenroom.Integer("light_max", 0, historyMax-1, 50,
			"events up to which a subject is light, where the request has no segment"),
		greenroom.NumberList("surface_largest",
			"the largest set of a surface, by its name: 0 lean, 1 standard, 2 full (where unsaid)"),
		greenroom.NumberList("surface_explore",
			"what exploring is multiplied by on a surface, by its name: 1 where unsaid"),
	)
	return descriptor
}

func (a *agent) Configure(params greenroom.Params) (err error) {
	for segment, name := range segmentNames {
		if a.rules[segment], err = ruleOf(params, name); err != nil {
			return err
		}
	}
	if a.ends, err = endsOf(params); err != nil {
		return err
	}
	a.surfaces = map[string]surface{}
	if err = a.each(params, "surface_largest", isSet, func(where *surface, number float64) {
		where.largest = set(number)
	}); err != nil {
		return err
	}
	return a.each(params, "surface_explore", isFactor, func(where *surface, number float64) { where.factor = number })
}

func ruleOf(params greenroom.Params, segment string) (rule, error) {
	name, err := params.Choice("set_" + segment)
	if err != nil {
		return rule{}, err
	}
	explore, err := params.Float("explore_" + segment)
	return rule{set: setOf(name), explore: explore}, err
}

func endsOf(params greenroom.Params) (ends, error) {
	cold, err := params.Integer("cold_max")
	if err != nil {
		return ends{}, err
	}
	light, err := params.Integer("light_max")
	if err == nil && light < cold {
		err = greenroom.InvalidParameters("`light_max` = " + strconv.Itoa(light) + " is below `cold_max` = " +
			strconv.Itoa(cold) + ": nobody would be light; raise it")
	}
	return ends{cold, light}, err
}

// What a map from surfaces to numbers may hold, and how that is said.
type check struct {
	fine func(float64) bool
	said string
}

var (
	isSet = check{
		func(number float64) bool { return number == 0 || number == 1 || number == 2 },
		"0 (lean), 1 (standard) or 2 (full)",
	}
	isFactor = check{
		func(number float64) bool { return number >= 0 && number <= 1e6 },
		"a number from 0 to 1000000",
	}
)

func (a *agent) each(params greenroom.Params, parameter string, check check, change func(*surface, float64)) error {
	numbers, err := params.Numbers(parameter)
	if err != nil {
		return err
	}
	if len(numbers.List) > 0 {
		return greenroom.InvalidParameters("`" + parameter + "` takes numbers by the name of a surface, not a list")
	}
	for _, name := range numbers.Names() {
		number := numbers.Named[name]
		if !check.fine(number) {
			return greenroom.InvalidParameters("`" + parameter + "." + name + "` takes " + check.said + ", not " +
				strconv.FormatFloat(number, 'g', -1, 64))
		}
		where, known := a.surfaces[name]
		if !known {
			where = anywhere
		}
		change(&where, number)
		a.surfaces[name] = where
	}
	return nil
}
