//! The identity of a plan: what it says, not how the file is laid out or where it lies. What a component says of itself
//! follows from its bytes, so its digest stands for it.

use greenroom_model::{Budget, Digest, Exceeded, ParamValue, Params};

use crate::authored::LIMITS;

use crate::plan::{Agent, Instances, Node, OnFault, Plan, Round, Untrained};

/// Fields after each other; what varies in length says how long it is.
#[derive(Default)]
struct Canon(Vec<u8>);

impl Canon {
    fn number(&mut self, number: u64) {
        self.0.extend(number.to_le_bytes());
    }

    fn count(&mut self, count: usize) {
        self.number(count as u64);
    }

    fn real(&mut self, number: f64) {
        // Both zeroes are one value.
        self.number((number + 0.0).to_bits());
    }

    fn text(&mut self, text: &str) {
        self.count(text.len());
        self.0.extend(text.as_bytes());
    }

    fn maybe<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.0.push(u8::from(value.is_some()));
        if let Some(value) = value {
            write(self, value);
        }
    }

    fn list<T>(&mut self, values: &[T], write: impl Fn(&mut Self, &T)) {
        self.count(values.len());
        values.iter().for_each(|value| write(self, value));
    }

    fn params(&mut self, params: &Params) {
        self.count(params.len());
        for (name, value) in params {
            self.text(name);
            self.value(value);
        }
    }

    fn value(&mut self, value: &ParamValue) {
        match value {
            ParamValue::Boolean(x) => self.tagged(0, |canon| canon.number(u64::from(*x))),
            ParamValue::Integer(x) => self.tagged(1, |canon| canon.number(x.cast_unsigned())),
            ParamValue::Float(x) => self.tagged(2, |canon| canon.real(*x)),
            ParamValue::Text(x) => self.tagged(3, |canon| canon.text(x)),
            ParamValue::Rows(x) => self.tagged(4, |canon| canon.list(x, |canon, row| canon.number(u64::from(*row)))),
            ParamValue::Items(x) => self.tagged(5, |canon| canon.list(x, |canon, id| canon.text(id))),
            ParamValue::Numbers(x) => self.tagged(6, |canon| canon.list(x, |canon, number| canon.real(*number))),
            ParamValue::Named(x) => self.tagged(7, |canon| {
                canon.count(x.len());
                for (name, number) in x {
                    canon.text(name);
                    canon.real(*number);
                }
            }),
        }
    }

    fn tagged(&mut self, tag: u8, write: impl FnOnce(&mut Self)) {
        self.0.push(tag);
        write(self);
    }

    fn budget(&mut self, budget: &Budget) {
        for limit in &LIMITS {
            self.number((limit.get)(budget));
        }
        self.0.push(match budget.exceeded {
            Exceeded::Trap => 0,
            Exceeded::Reject => 1,
        });
    }

    fn agent(&mut self, agent: &Agent) {
        self.text(&agent.name);
        self.0.extend(agent.component.bytes());
        self.params(&agent.params);
        self.list(&agent.grants, |canon, grant| {
            canon.text(&grant.to_string());
        });
        let budgets = &agent.budgets;
        let preparing = [&budgets.instantiate, &budgets.configure, &budgets.restore];
        for budget in preparing.into_iter().chain([&budgets.learn, &budgets.fit, &budgets.decide]) {
            self.budget(budget);
        }
        self.maybe(agent.rate, |canon, rate| {
            canon.number(rate.fuel_per_s);
            canon.0.push(u8::from(rate.throttle));
        });
        self.maybe(
            match agent.instances {
                Instances::Fresh => None,
                Instances::Pooled { max } => Some((0, max)),
                Instances::Stocked { max } => Some((1, max)),
            },
            |canon, (kind, max)| {
                canon.0.push(kind);
                canon.number(u64::from(max));
            },
        );
        self.maybe(agent.learn_every_s, Self::number);
        // A plan without a round has the digest that it had before there were any.
        let bounded = agent.round != Round::NONE;
        let untrained = match agent.untrained {
            Untrained::Learn => 0,
            Untrained::Refuse => 1,
        };
        self.0.push(untrained | u8::from(bounded) << 1);
        if bounded {
            self.maybe(agent.round.fuel, Self::number);
            self.maybe(agent.round.wall_s, Self::number);
        }
    }

    fn node(&mut self, node: &Node) {
        self.text(&node.name);
        self.count(node.agent);
        self.list(&node.inputs, |canon, edge| {
            canon.text(&edge.port);
            canon.count(edge.node);
        });
        self.maybe(node.limit, |canon, limit| canon.number(u64::from(limit)));
        self.maybe(node.deadline_ms, Self::number);
        match node.on_fault {
            OnFault::Fail => self.0.push(0),
            OnFault::Empty => self.0.push(1),
            OnFault::Node(index) => self.tagged(2, |canon| canon.count(index)),
        }
        self.0.push(u8::from(node.drops_rows));
        self.list(&node.branches, |canon, branch| canon.text(branch));
        self.maybe(node.guard.as_ref(), |canon, guard| {
            canon.count(guard.router);
            canon.list(&guard.branches, |canon, branch| canon.text(branch));
        });
    }
}

impl Plan {
    /// Of its content. The same for files that differ in layout, order or comments only, and for components that have
    /// been moved.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut canon = Canon::default();
        canon.text("greenroom plan 2");
        canon.text(&self.name);
        canon.list(&self.agents, Canon::agent);
        canon.list(&self.nodes, Canon::node);
        canon.count(self.output);
        canon.number(self.deadline_ms);
        for bound in [self.budget.fuel, self.budget.host_calls_max, self.budget.host_bytes_max] {
            canon.number(bound);
        }
        canon.0.push(u8::from(self.exclude_seen));
        canon.number(u64::from(self.segments.cold));
        canon.number(u64::from(self.segments.light));
        // As it was when there was one alone: no metric has a comma in its name.
        canon.text(&self.objective.maximise.join(", "));
        canon.list(&self.objective.subject_to, |canon, bound| {
            canon.text(&bound.metric);
            canon.maybe(bound.min, Canon::real);
            canon.maybe(bound.max, Canon::real);
        });
        canon.list(&self.namespaces, |canon, namespace| {
            canon.text(&namespace.name);
            canon.number(namespace.bytes_max);
        });
        // As it was when there were keys and values alone.
        for namespace in self.namespaces.iter().filter(|namespace| !namespace.is_plain()) {
            canon.text(&namespace.name);
            canon.text(namespace.kind.name());
            canon.maybe(namespace.retention_s, Canon::number);
            canon.number(namespace.schema.into());
            canon.maybe(namespace.owner.as_deref(), Canon::text);
            // As it was before there were these.
            if let Some(space) = namespace.space {
                canon.text("vector");
                canon.number(space.dimension as u64);
                canon.text(space.metric.name());
            }
            if !namespace.subject_keys.is_empty() {
                canon.text("subject keys");
                canon.list(&namespace.subject_keys, |canon, keys| canon.text(&keys.to_string()));
            }
        }
        Digest::of(&canon.0)
    }
}

impl Agent {
    /// Of its parameters, defaults filled in: a part of the agent's version.
    #[must_use]
    pub fn params_digest(&self) -> Digest {
        let mut canon = Canon::default();
        canon.text("greenroom params 1");
        canon.params(&self.params);
        Digest::of(&canon.0)
    }

    /// Of the code and of all that `learn` and `fit` read: what was learned in one shape is for agents of the same shape.
    #[must_use]
    pub fn shape(&self) -> Digest {
        Digest::of_parts([self.component.bytes().as_slice(), self.shaping().bytes()])
    }

    /// Of the grants, and of the parameters that `learn` and `fit` read. Without a descriptor nobody knows which, so of all.
    #[must_use]
    pub fn shaping(&self) -> Digest {
        let shapes = |name: &str| {
            let parameter = self.descriptor.as_ref().and_then(|descriptor| descriptor.parameter(name));
            parameter.is_none_or(|parameter| parameter.shapes_state)
        };
        let params: Params =
            self.params.iter().filter(|(name, _)| shapes(name)).map(|(n, v)| (n.clone(), v.clone())).collect();
        let params = Self { params, ..self.clone() }.params_digest();
        let grants: Vec<String> = self.grants.iter().map(ToString::to_string).collect();
        Digest::of_parts([params.bytes().as_slice(), grants.join(",").as_bytes()])
    }
}
