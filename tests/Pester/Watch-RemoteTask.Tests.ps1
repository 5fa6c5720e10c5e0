BeforeAll { . "$PSScriptRoot/Setup.ps1" }
AfterAll { Clear-Sandbox }

Describe 'Watch-RemoteTask' -Tag Local {
    BeforeEach { Use-NewSession }

    It 'emits the end of each task that runs, and ends with the last where that was asked' {
        $gate = New-Gate
        $tasks = (Invoke-RemoteTask "echo one; $($gate.Wait); exit 3"), (Invoke-RemoteTask "$($gate.Wait)")
        $pipeline = Start-Pipeline 'Watch-RemoteTask -UntilEnded'
        $gate.Open()
        $changes = Complete-Pipeline $pipeline
        $changes.Kind | Should -Be 'Ended', 'Ended'
        $changes.Id | Sort-Object | Should -Be ($tasks.Id | Sort-Object)
        ($changes | Where-Object Id -EQ $tasks[0].Id).Task.ExitCode | Should -Be 3
        Get-Content ($changes | Where-Object Id -EQ $tasks[0].Id).Task.LogPath | Should -Be 'one'
    }

    It 'sees a task that another session sends, from its start to its end' {
        $pipeline = Start-Pipeline 'Watch-RemoteTask'
        # It has begun when the first watch of a ledger has noted what is old.
        Wait-Until { Test-Path "$env:REMOTE_DISPATCH_STATE_DIR/tasks/watch/old" }
        $gate = New-Gate
        $null = Invoke-RemoteTask $gate.Wait -Id watch-late
        Wait-Until { $pipeline.Output.Count -ge 1 }
        $pipeline.Output[0].Kind | Should -Be 'Started'
        $gate.Open()
        Wait-Until { $pipeline.Output.Count -ge 2 }
        $pipeline.Output[1].Kind | Should -Be 'Ended'
        $pipeline.Output[1].Task.State | Should -Be 'Succeeded'
        (Stop-Pipeline $pipeline).TotalSeconds | Should -BeLessThan 2
    }

    It 'ends within two seconds of Ctrl-C, and the task lives on' {
        $gate = New-Gate
        $task = Invoke-RemoteTask $gate.Wait
        $pipeline = Start-Pipeline 'Watch-RemoteTask'
        Start-Sleep -Seconds 1
        (Stop-Pipeline $pipeline).TotalSeconds | Should -BeLessThan 2
        (Get-RemoteTask $task).State | Should -Be 'Running'
        $gate.Open()
        (Wait-RemoteTask $task).State | Should -Be 'Succeeded'
    }

    It 'announces with -Once what has ended since the last time, once' {
        Watch-RemoteTask -Once | Should -BeNullOrEmpty
        $task = Invoke-RemoteTask 'exit 2' | Wait-RemoteTask
        $change = Watch-RemoteTask -Once
        $change.Kind | Should -Be 'Ended'
        $change.Id | Should -Be $task.Id
        Watch-RemoteTask -Once | Should -BeNullOrEmpty
    }

    It 'runs the script block of -Notify in this session, and makes warnings of its errors' {
        $gate = New-Gate
        $null = Invoke-RemoteTask $gate.Wait -Id watch-notify
        $gate.Open()
        $told = [System.Collections.Generic.List[object]]::new()
        $null = Watch-RemoteTask -UntilEnded -Notify { param($change) $told.Add($change); throw 'no pager' } -WarningVariable warned -WarningAction SilentlyContinue
        $told.Id | Should -Be 'watch-notify'
        $told[0].Task.State | Should -Be 'Succeeded'
        "$warned" | Should -BeLike '*script block of -Notify was not told of Ended of the task ''watch-notify''*no pager*'
    }

    It 'flags and stops a task that is silent for longer than its limit' {
        $null = Invoke-RemoteTask 'exec sleep 1000' -Id watch-silent -StallLimit 2s
        $changes = Watch-RemoteTask -UntilEnded -StopStalled
        $changes.Kind | Should -Be 'Stalled', 'Ended'
        $changes[0].Silence.Processes | Should -Be 2
        $changes[1].Task.State | Should -Be 'Stopped'
        $changes[1].Task.Reason | Should -BeLike 'stopped by a watch: silent for *'
        $changes | Format-Table | Out-String -Width 200 | Should -BeLike '*Ended*local*watch-silent*Stopped*stopped by a watch*'
    }

    It 'follows only the tasks and hosts that are named' {
        $gate = New-Gate
        $null = Invoke-RemoteTask $gate.Wait -Id other-1
        $null = Invoke-RemoteTask 'sleep 0.2' -Id mine-1
        (Watch-RemoteTask 'mine-*' -HostName local -UntilEnded).Id | Should -Be 'mine-1'
        Watch-RemoteTask -HostName nowhere.example -UntilEnded | Should -BeNullOrEmpty
        $gate.Open()
    }

    It 'refuses an address in plain text, and does not repeat it' {
        { Watch-RemoteTask -Once -SlackWebhook 'https://hooks.slack.com/services/topsecret' -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidInput,*'
        try { Watch-RemoteTask -Once -SlackWebhook 'https://hooks.slack.com/services/topsecret' -ErrorAction Stop } catch { "$_" | Should -Not -BeLike '*topsecret*' }
        { Watch-RemoteTask -Once -Webhook NO_SUCH_VARIABLE -ErrorAction Stop } | Should -Throw -ErrorId 'CredentialUnavailable,*'
        $plain = ConvertTo-SecureString 'http://hooks.example/topsecret' -AsPlainText -Force
        { Watch-RemoteTask -Once -Webhook $plain -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidInput,*'
        { Watch-RemoteTask -Once -WebhookKey NO_SUCH_VARIABLE -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidInput,*'
    }
}
