//! A definition after parsing: states in one flat list, every name resolved, every expression compiled.

use std::sync::Arc;

use expression::path::{Path, ReferencePath};
use expression::template::{Expression, Template};
use expression::value::Value;

use crate::distributed::Distributed;
use crate::query::{PayloadTemplate, Query, Reads};
use crate::resource::Resource;

/// A state's place in [`StateMachine::states`]: document order, so that the same text always gives the same numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StateId(pub u32);

/// A `States` block's place in [`StateMachine::blocks`]: the machine's own is 0, then branches and processors in document order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlockId(pub u32);

/// A whole definition.
#[derive(Clone, Debug, PartialEq)]
pub struct StateMachine {
    /// The top-level `Comment`.
    pub comment: Option<String>,
    /// The language of states that name none.
    pub query_language: QueryLanguage,
    /// How long an execution may take as a whole.
    pub timeout_seconds: Option<u64>,
    /// All `States` blocks; the first is the machine's own.
    pub blocks: Vec<Block>,
    /// All states of all blocks.
    pub states: Vec<State>,
}

impl StateMachine {
    /// The machine's own `States` block.
    pub const ROOT: BlockId = BlockId(0);

    /// The state with that number.
    #[must_use]
    pub fn state(&self, id: StateId) -> &State {
        &self.states[id.0 as usize]
    }

    /// The block with that number.
    #[must_use]
    pub fn block(&self, id: BlockId) -> &Block {
        &self.blocks[id.0 as usize]
    }
}

/// One `States` block: of the machine, of a Parallel's branch, or of a Map's processor.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// Where it begins (`StartAt`).
    pub start: StateId,
    /// Its states, in document order.
    pub states: Vec<StateId>,
    /// The Parallel or Map that it belongs to.
    pub parent: Option<StateId>,
}

/// The language of a state's expressions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QueryLanguage {
    /// `$.path` and `States.Function(…)`.
    #[default]
    JsonPath,
    /// `{% … %}`.
    Jsonata,
}

/// One state.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// Its name, unique in the whole definition.
    pub name: Arc<str>,
    /// The block that it stands in.
    pub block: BlockId,
    /// Its language: its own, else the machine's.
    pub query_language: QueryLanguage,
    /// `InputPath`
    pub input_path: PathField,
    /// `OutputPath`
    pub output_path: PathField,
    /// `Assign`
    pub assign: Option<PayloadTemplate>,
    /// `Output`
    pub output: Option<PayloadTemplate>,
    /// What its JSONata expressions read of `$states`.
    pub reads: Reads,
    /// What follows. Choice, Succeed and Fail say `End` here; a Choice's ways are in its rules.
    pub then: Then,
    /// What it does.
    pub kind: StateKind,
}

/// What follows a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// `Next`
    Next(StateId),
    /// `"End": true`
    End,
}

/// `InputPath` and `OutputPath`.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum PathField {
    /// Absent or `"$"`: everything.
    #[default]
    Everything,
    /// `null`: the empty object instead.
    Nothing,
    /// A part, or a variable, or the context object.
    Path(Path),
}

/// `ResultPath`
#[derive(Clone, Debug, Default, PartialEq)]
pub enum ResultPath {
    /// Absent or `"$"`: the result replaces the input.
    #[default]
    Replace,
    /// `null`: the result is dropped.
    Discard,
    /// The result is put into the input.
    Put(ReferencePath),
}

/// What a state does.
#[derive(Clone, Debug, PartialEq)]
pub enum StateKind {
    /// Calls something.
    Task(Box<Task>),
    /// Passes its input on, or a constant.
    Pass(Pass),
    /// Chooses the next state.
    Choice(Choice),
    /// Waits.
    Wait(Wait),
    /// Ends its block with success.
    Succeed,
    /// Ends its block with a failure.
    Fail(Fail),
    /// Runs branches side by side.
    Parallel(Parallel),
    /// Runs a processor for every item.
    Map(Box<Map>),
}

impl StateKind {
    /// The name as the definition's `Type` gives it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Task(_) => "Task",
            Self::Pass(_) => "Pass",
            Self::Choice(_) => "Choice",
            Self::Wait(_) => "Wait",
            Self::Succeed => "Succeed",
            Self::Fail(_) => "Fail",
            Self::Parallel(_) => "Parallel",
            Self::Map(_) => "Map",
        }
    }
}

/// A Task state's own fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// What is called.
    pub resource: Resource,
    /// `Parameters` or `Arguments`
    pub parameters: Option<PayloadTemplate>,
    /// `Credentials`
    pub credentials: Option<PayloadTemplate>,
    /// `TimeoutSeconds` or `TimeoutSecondsPath`
    pub timeout: Option<Seconds>,
    /// `HeartbeatSeconds` or `HeartbeatSecondsPath`
    pub heartbeat: Option<Seconds>,
    /// `ResultSelector`
    pub result_selector: Option<Template>,
    /// `ResultPath`
    pub result_path: ResultPath,
    /// `Retry` and `Catch`
    pub on_error: OnError,
}

/// A number of seconds, written down or found at run time.
#[derive(Clone, Debug, PartialEq)]
pub enum Seconds {
    /// Written down.
    Fixed(u64),
    /// Found in the input, the context object or a variable.
    Path(Path),
    /// Computed.
    Query(Query),
}

/// A Pass state's own fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Pass {
    /// `Result`
    pub result: Option<Value>,
    /// `Parameters`
    pub parameters: Option<Template>,
    /// `ResultPath`
    pub result_path: ResultPath,
}

/// A Choice state's own fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// Tried in order; the first that holds decides.
    pub rules: Vec<ChoiceRule>,
    /// Where to go when none holds.
    pub default: Option<StateId>,
}

/// One of a Choice state's rules.
#[derive(Clone, Debug, PartialEq)]
pub struct ChoiceRule {
    /// When it holds.
    pub condition: Condition,
    /// Where it leads.
    pub next: StateId,
    /// Replaces the state's `Assign` when this rule decides.
    pub assign: Option<PayloadTemplate>,
    /// Replaces the state's `Output` when this rule decides.
    pub output: Option<PayloadTemplate>,
}

/// When a choice rule holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// All hold.
    And(Vec<Condition>),
    /// At least one holds.
    Or(Vec<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
    /// A comparison of what stands at a path.
    Test {
        /// `Variable`
        variable: Path,
        /// The operator and what it compares with.
        comparison: Comparison,
    },
    /// Always, or never: a JSONata rule's `Condition` that is a boolean.
    Constant(bool),
    /// What a JSONata rule's `Condition` computes.
    Query(Query),
}

/// The 39 comparison operators of a choice rule.
#[derive(Clone, Debug, PartialEq)]
pub enum Comparison {
    /// `StringEquals…` and its `Path` form
    String(Order, Operand),
    /// `NumericEquals…` and its `Path` form
    Numeric(Order, Operand),
    /// `TimestampEquals…` and its `Path` form
    Timestamp(Order, Operand),
    /// `BooleanEquals` and its `Path` form
    Boolean(Operand),
    /// `StringMatches`: `*` stands for any text, `\*` for a star.
    Matches(Arc<str>),
    /// `IsNull`, `IsPresent` and their kind: whether the type is (true) or is not (false) the named one.
    Is(TypeTest, bool),
}

/// How two ordered values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// `Equals`
    Equals,
    /// `LessThan`
    LessThan,
    /// `LessThanEquals`
    LessThanEquals,
    /// `GreaterThan`
    GreaterThan,
    /// `GreaterThanEquals`
    GreaterThanEquals,
}

/// What an operator compares with.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// Written down.
    Literal(Value),
    /// Found at run time.
    Path(Path),
}

/// What the `Is…` operators ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TypeTest {
    /// `IsNull`
    Null,
    /// `IsPresent`
    Present,
    /// `IsNumeric`
    Numeric,
    /// `IsString`
    String,
    /// `IsBoolean`
    Boolean,
    /// `IsTimestamp`
    Timestamp,
}

/// How long a Wait state waits.
#[derive(Clone, Debug, PartialEq)]
pub enum Wait {
    /// `Seconds` or `SecondsPath`
    Seconds(Seconds),
    /// `Timestamp`: milliseconds since 1970.
    Until(i64),
    /// `TimestampPath`
    UntilPath(Path),
    /// `Timestamp` of a JSONata state that computes it.
    UntilQuery(Query),
}

/// A Fail state's own fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Fail {
    /// `Error` or `ErrorPath`
    pub error: Option<FailText>,
    /// `Cause` or `CausePath`
    pub cause: Option<FailText>,
}

/// A text of a Fail state.
#[derive(Clone, Debug, PartialEq)]
pub enum FailText {
    /// Written down.
    Literal(Arc<str>),
    /// A path or an intrinsic function that gives a string.
    Computed(Expression),
    /// A JSONata expression that gives a string.
    Query(Query),
}

/// A Parallel state's own fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Parallel {
    /// `Branches`
    pub branches: Vec<BlockId>,
    /// `Parameters` or `Arguments`
    pub parameters: Option<PayloadTemplate>,
    /// `ResultSelector`
    pub result_selector: Option<Template>,
    /// `ResultPath`
    pub result_path: ResultPath,
    /// `Retry` and `Catch`
    pub on_error: OnError,
}

/// A Map state's own fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Map {
    /// `ItemsPath`: where the array is; `None` means the effective input itself.
    pub items_path: Option<Path>,
    /// `Items`: what gives the array; `None` means the state's input.
    pub items: Option<PayloadTemplate>,
    /// `ItemSelector`, or `Parameters` of the older form.
    pub item_selector: Option<PayloadTemplate>,
    /// `ItemProcessor`, or `Iterator` of the older form.
    pub processor: BlockId,
    /// What it has when its iterations run in executions of their own (`ProcessorConfig.Mode` is `DISTRIBUTED`).
    pub distributed: Option<Box<Distributed>>,
    /// `MaxConcurrency` or `MaxConcurrencyPath`; 0 means no bound of its own.
    pub max_concurrency: Option<Seconds>,
    /// `ResultSelector`
    pub result_selector: Option<Template>,
    /// `ResultPath`
    pub result_path: ResultPath,
    /// `Retry` and `Catch`
    pub on_error: OnError,
}

/// What a Task, Parallel or Map does about a failure.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OnError {
    /// `Retry`, tried in order.
    pub retry: Vec<Retrier>,
    /// `Catch`, tried in order after all retriers.
    pub catch: Vec<Catcher>,
}

/// One retrier.
#[derive(Clone, Debug, PartialEq)]
pub struct Retrier {
    /// `ErrorEquals`
    pub error_equals: Vec<Arc<str>>,
    /// `IntervalSeconds`, 1 when absent
    pub interval_seconds: u64,
    /// `MaxAttempts`, 3 when absent
    pub max_attempts: u32,
    /// `BackoffRate`, 2.0 when absent
    pub backoff_rate: f64,
    /// `MaxDelaySeconds`
    pub max_delay_seconds: Option<u64>,
    /// `JitterStrategy`
    pub jitter: Jitter,
}

/// How a retry's delay is spread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Jitter {
    /// `NONE`: exactly the delay.
    #[default]
    None,
    /// `FULL`: anything from nothing to the delay.
    Full,
}

/// One catcher.
#[derive(Clone, Debug, PartialEq)]
pub struct Catcher {
    /// `ErrorEquals`
    pub error_equals: Vec<Arc<str>>,
    /// `Next`
    pub next: StateId,
    /// `ResultPath`
    pub result_path: ResultPath,
    /// `Assign`, replaces the state's
    pub assign: Option<PayloadTemplate>,
    /// `Output`, replaces the state's
    pub output: Option<PayloadTemplate>,
}
