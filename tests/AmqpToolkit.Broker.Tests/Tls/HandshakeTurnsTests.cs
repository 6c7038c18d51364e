using AmqpToolkit.Broker.Tls;

namespace AmqpToolkit.Broker.Tests.Tls;

/// <summary>Whose handshake is reckoned with, and who waits.</summary>
public sealed class HandshakeTurnsTests
{
    [Fact]
    public void Turns_OfAddresses_ComeOneAfterTheOther_HoweverManyOfEachWait()
    {
        var turns = new HandshakeTurns(most: 1);
        var first = turns.Of(1);
        Assert.True(first.TakeAsync().AsTask().IsCompletedSuccessfully);
        var crowd = Enumerable.Range(0, 1000).Select(_ => turns.Of(1)).Select(turn => (Turn: turn, Wait: turn.TakeAsync().AsTask())).ToArray();
        var other = turns.Of(2);
        var wait = other.TakeAsync().AsTask();
        Assert.Equal(1001, turns.WaitingCount);

        first.GiveBack();
        Assert.Equal((true, false), (crowd[0].Wait.IsCompleted, wait.IsCompleted));
        crowd[0].Turn.GiveBack();
        Assert.Equal((true, false), (wait.IsCompleted, crowd[1].Wait.IsCompleted));
        other.GiveBack();

        foreach (var (turn, mine) in crowd.Skip(1))
        {
            Assert.True(mine.IsCompletedSuccessfully);
            turn.GiveBack();
        }

        Assert.Equal((0, 1), (turns.WaitingCount, turns.MostTaken));
        Assert.True(turns.Of(3).TakeAsync().AsTask().IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Turn_OfAClientThatIsGivenUp_IsNobodysAndComesToTheNext()
    {
        var turns = new HandshakeTurns(most: 1);
        var first = turns.Of(1);
        await first.TakeAsync().AsTask();
        var gone = turns.Of(2);
        var wait = gone.TakeAsync().AsTask();
        var next = turns.Of(2);
        var nextWait = next.TakeAsync().AsTask();

        gone.End();

        await Assert.ThrowsAsync<IOException>(() => wait);
        await Assert.ThrowsAsync<IOException>(() => gone.TakeAsync().AsTask());
        gone.GiveBack();
        Assert.False(nextWait.IsCompleted);
        first.End();
        first.GiveBack();
        first.GiveBack();
        Assert.True(nextWait.IsCompletedSuccessfully);
        Assert.False(turns.Of(1).TakeAsync().AsTask().IsCompleted);
    }

    /// <summary>Else the line works for those whose time is over before their second turn.</summary>
    [Fact]
    public void Turn_OfAClientThatHasHadOne_ComesBeforeThoseOfItsAddressThatHaveNot()
    {
        var turns = new HandshakeTurns(most: 1);
        var first = turns.Of(1);
        Assert.True(first.TakeAsync().AsTask().IsCompletedSuccessfully);
        var crowd = Enumerable.Range(0, 100).Select(_ => turns.Of(1)).Select(turn => (Turn: turn, Wait: turn.TakeAsync().AsTask())).ToArray();
        first.GiveBack();
        var again = first.TakeAsync().AsTask();
        Assert.Equal((true, false), (crowd[0].Wait.IsCompleted, again.IsCompleted));

        crowd[0].Turn.GiveBack();

        Assert.Equal((true, false), (again.IsCompleted, crowd[1].Wait.IsCompleted));
        first.GiveBack();
        Assert.True(crowd[1].Wait.IsCompletedSuccessfully);
    }

    [Fact]
    public void Addresses_ThatComeAndGo_StandInLineOnce()
    {
        var turns = new HandshakeTurns(most: 1);
        var first = turns.Of(1);
        Assert.True(first.TakeAsync().AsTask().IsCompletedSuccessfully);
        for (int index = 0; index < 100; index++)
        {
            var brief = turns.Of(2);
            _ = brief.TakeAsync().AsTask();
            brief.End();
        }

        var two = turns.Of(2);
        var twoAgain = turns.Of(2);
        var three = turns.Of(3);
        var waits = new[] { two.TakeAsync().AsTask(), twoAgain.TakeAsync().AsTask(), three.TakeAsync().AsTask() };
        first.GiveBack();
        two.GiveBack();
        Assert.Equal([true, false, true], waits.Select(wait => wait.IsCompleted));
    }
}
