namespace RemoteDispatch.Agents;

/// <summary>Why an agent's run ended. It explains the exit record and never replaces it.</summary>
public enum AgentEnd
{
    /// <summary>The agent came to its end, and nothing in its output says why it should not count.</summary>
    Completed,

    /// <summary>The agent needs an answer before it can go on: <see cref="AgentResult.Question"/>.</summary>
    Blocked,

    /// <summary>The limit of turns was reached. The session can be resumed.</summary>
    TurnLimit,

    /// <summary>The service takes no more requests for now.</summary>
    RateLimited,

    /// <summary>The agent is not signed in, or its key was refused.</summary>
    SignedOut,

    /// <summary>The account has no credit or quota left, or a limit of cost was reached.</summary>
    OutOfBudget,

    /// <summary>The agent ended with an error that is none of the others.</summary>
    Crashed,

    /// <summary>The task's time limit struck.</summary>
    TimedOut,

    /// <summary>Somebody stopped the task.</summary>
    Stopped,
}
