namespace RemoteDispatch.Pester;

/// <summary>The sentences of the Pester suite, each with the outcome that Pester gave it.</summary>
public sealed class PesterTests(PesterRun run, ITestOutputHelper output) : IClassFixture<PesterRun>
{
    public static IEnumerable<TheoryDataRow<string, string[]>> Sentences() => Sentence.All().Select(
        sentence => new TheoryDataRow<string, string[]>(sentence.File, [.. sentence.Path]) { TestDisplayName = sentence.Name, Label = "" });

    [Theory]
    [MemberData(nameof(Sentences))]
    public void Sentence_holds(string file, string[] path)
    {
        Assert.SkipWhen(run.Missing is not null, run.Missing ?? "");
        var outcome = run.Find(file, path);
        switch (outcome?.Result)
        {
            case "Passed":
                output.WriteLine($"Pester: passed in {outcome.Seconds:0.00} s");
                break;
            case "Skipped":
                Assert.Skip(outcome.Message ?? "Pester skipped it without a reason.");
                break;
            case null:
                Assert.Fail($"Pester did not run it: {run.Trouble ?? "nothing is known of it"}. The end of its output:\n{run.Tail()}");
                break;
            default:
                Assert.Fail($"Pester: {outcome.Result}. {outcome.Message}");
                break;
        }
    }

    [Fact]
    public void Suite_ran_nothing_that_is_not_listed_here()
    {
        Assert.SkipWhen(run.Missing is not null, run.Missing ?? "");
        var listed = Sentence.All().Select(sentence => Outcome.KeyOf(sentence.File, sentence.Path)).ToArray();
        Assert.Distinct(listed);
        Assert.Empty(run.Outcomes.Where(outcome => outcome.Path.Count > 0).Select(outcome => outcome.Key).Except(listed));
        Assert.Null(run.Trouble);
    }
}
