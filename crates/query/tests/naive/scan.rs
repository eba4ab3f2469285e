//! `scan`: rows in order against steps, each step with the last row that it took.

use kql::syntax::{Scan, ScanOutput, ScanStep, Target};

use super::convert::widen;
use super::scalar::{eval, truth};
use super::scope::{Env, Result, Row, Steps};
use super::value::{Column, Table, Value};

/// What one step remembers: the last row of each step of its sequence.
type State = Vec<Option<Vec<Value>>>;

struct Scanning<'a> {
    env: &'a Env,
    spec: &'a Scan,
    columns: Vec<Column>,
    /// Of the declared columns.
    defaults: Vec<Value>,
    n_input: usize,
    states: Vec<Option<State>>,
    rows: Vec<Vec<Value>>,
}

pub fn scan(env: &Env, table: &Table, spec: &Scan) -> Result<Table> {
    let is_simple = spec.match_id.is_none() && spec.partition_by.is_empty() && spec.order_by.is_empty();
    if !is_simple || spec.steps.iter().any(|step| step.is_optional || step.output == Some(ScanOutput::Last)) {
        return Err("scan of another form".to_owned());
    }
    let mut columns = table.columns.clone();
    let mut defaults = Vec::new();
    for declared in &spec.declare {
        let default = declared.default.as_ref().map(|default| eval(env, default, Row::NONE)).transpose()?;
        let null = Value::null(declared.data_type);
        defaults.push(default.map_or(null, |default| widen(&default, declared.data_type)));
        columns.push(Column::new(&declared.name.text, declared.data_type));
    }
    let states = vec![None; spec.steps.len()];
    let mut scanning =
        Scanning { env, spec, columns, defaults, n_input: table.columns.len(), states, rows: Vec::new() };
    for row in &table.rows {
        // The last step first, so that a row takes a sequence one step on and not through all of them.
        for step in (0..spec.steps.len()).rev() {
            scanning.step(step, row)?;
        }
    }
    Ok(Table { columns: scanning.columns, rows: scanning.rows, is_sorted: table.is_sorted })
}

impl Scanning<'_> {
    fn step(&mut self, at: usize, row: &[Value]) -> Result<()> {
        if at > 0
            && let Some(state) = self.states[at - 1].clone()
            && self.fits(at, row, &state)?
        {
            self.states[at - 1] = None;
            return self.enter(at, row, state);
        }
        let state = match (&self.states[at], at) {
            (Some(state), _) => state.clone(),
            (None, 0) => vec![None; self.spec.steps.len()],
            (None, _) => return Ok(()),
        };
        if self.fits(at, row, &state)? { self.enter(at, row, state) } else { Ok(()) }
    }

    fn spec_of(&self, at: usize) -> &ScanStep {
        &self.spec.steps[at]
    }

    /// The row with the declared columns at their defaults.
    fn extended(&self, row: &[Value]) -> Vec<Value> {
        [row, self.defaults.as_slice()].concat()
    }

    fn fits(&self, at: usize, row: &[Value], state: &State) -> Result<bool> {
        let values = self.extended(row);
        Ok(truth(&self.eval(&self.spec_of(at).condition, &values, state)?) == Some(true))
    }

    fn eval(&self, expr: &kql::syntax::Expr, values: &[Value], state: &State) -> Result<Value> {
        let null_row = self.columns[..self.n_input].iter().map(|column| Value::null(column.data_type));
        let nothing: Vec<Value> = null_row.chain(self.defaults.iter().cloned()).collect();
        let of_steps = self.spec.steps.iter().zip(state);
        let steps = of_steps.map(|(step, row)| (step.name.text.clone(), row.clone().unwrap_or(nothing.clone())));
        let steps: Steps = steps.collect();
        let row = Row { steps: Some(&steps), ..Row::new(&self.columns, values) };
        eval(self.env, expr, row)
    }

    fn enter(&mut self, at: usize, row: &[Value], mut state: State) -> Result<()> {
        let before = self.extended(row);
        let mut values = before.clone();
        for assignment in &self.spec_of(at).assignments {
            let Some(Target::Name(name)) = &assignment.target else {
                return Err("an assignment has a name".to_owned());
            };
            let place = self.columns.iter().position(|column| column.name == name.text);
            let place = place.ok_or_else(|| format!("no column {}", name.text))?;
            values[place] = widen(&self.eval(&assignment.expr, &before, &state)?, self.columns[place].data_type);
        }
        if self.spec_of(at).output != Some(ScanOutput::None) {
            self.rows.push(values.clone());
        }
        state[at] = Some(values);
        self.states[at] = Some(state);
        Ok(())
    }
}
