BeforeAll { . "$PSScriptRoot/Setup.ps1" }
AfterAll { Clear-Sandbox }

Describe 'Stop-RemoteTask' -Tag Local {
    It 'ends a task' {
        $task = Invoke-RemoteTask 'sleep 300'
        Stop-RemoteTask $task -Confirm:$false | Should -BeNullOrEmpty
        $after = Get-RemoteTask $task.Id
        $after.State | Should -Be 'Stopped'
        Test-Process $task.Process.Pid | Should -BeFalse
    }

    It 'gives the task as it ended where it is asked to' {
        $task = Invoke-RemoteTask 'sleep 300'
        $stopped = Stop-RemoteTask $task.Id -Force -PassThru
        $stopped.State | Should -Be 'Stopped'
        $stopped.Finished | Should -Not -BeNullOrEmpty
    }

    It 'lets a task end in its own way first' {
        $file = New-FileName
        $task = Invoke-RemoteTask "trap 'echo cleaned >>$file; exit 0' TERM; echo up; while :; do sleep 0.05; done"
        Wait-Until { Get-RemoteTaskLog $task -Raw }
        Stop-RemoteTask $task -Force
        Get-Content $file | Should -Be 'cleaned'
    }

    It 'kills a task that does not listen, after the grace period' {
        $task = Invoke-RemoteTask "trap '' TERM; echo deaf; while :; do sleep 0.05; done"
        Wait-Until { Get-RemoteTaskLog $task -Raw }
        (Stop-RemoteTask $task -Grace '0.5s' -Force -PassThru).State | Should -Be 'Stopped'
        Test-Process $task.Process.Pid | Should -BeFalse
    }

    It 'ends grandchildren that forked twice and made sessions of their own' -Tag Fleet {
        Add-Fleet
        foreach ($name in 'local', 'h1') {
            $file = New-FileName
            $task = Invoke-RemoteTask "( ( setsid sh -c 'echo `$`$ >$file.new; mv $file.new $file; exec sleep 300' & ) & ); sleep 300" $name
            Wait-Until { Test-Path $file }
            $grandchild = [int](Get-Content $file)
            Test-Process $grandchild | Should -BeTrue
            Stop-RemoteTask $task -Grace '2s' -Force
            Test-Process $grandchild | Should -BeFalse -Because "it ran on $name"
        }
    }

    It 'ends what a task that has ended left behind, and the task keeps its state' -Tag Fleet {
        $file = New-FileName
        $task = Invoke-RemoteTask "( setsid sh -c 'echo `$`$ >$file.new; mv $file.new $file; exec sleep 300' >/dev/null 2>&1 & ); until [ -e $file ]; do sleep 0.05; done; exit 3" -Wait 6>$null
        $left = [int](Get-Content $file)
        Test-Process $left | Should -BeTrue
        $after = Stop-RemoteTask $task -Force -PassThru
        Test-Process $left | Should -BeFalse
        $after.State | Should -Be 'Failed'
        $after.ExitCode | Should -Be 3
    }

    It 'stops nothing with -WhatIf' {
        $task = Invoke-RemoteTask 'sleep 300'
        Stop-RemoteTask $task -WhatIf
        Stop-RemoteTask $task -Force -WhatIf
        (Get-RemoteTask $task.Id).State | Should -Be 'Running'
        Stop-RemoteTask $task -Force
    }

    It 'asks first, and stops nothing where nobody can be asked' {
        $task = Invoke-RemoteTask 'sleep 300' -Id s-ask
        Complete-Pipeline (Start-Pipeline 'try { Stop-RemoteTask s-ask } catch { "$_" }') | Should -Match '-Force or -Confirm:\$false'
        (Get-RemoteTask s-ask).State | Should -Be 'Running'
        Stop-RemoteTask s-ask -Force
    }

    It 'stops many at once, and tells of one that is not there' {
        $tasks = 1..5 | ForEach-Object { Invoke-RemoteTask 'sleep 300' }
        $stopped = @($tasks.Id) + 'nobody' | Stop-RemoteTask -Force -PassThru -ErrorAction SilentlyContinue -ErrorVariable failure
        $stopped.State | Should -Be (, 'Stopped' * 5)
        $failure.Count | Should -Be 1
        $failure[0].FullyQualifiedErrorId | Should -Be 'TaskNotFound,RemoteDispatch.PowerShell.Tasks.StopRemoteTaskCommand'
    }

    It 'leaves other tasks alone' {
        $gate = New-Gate
        $one = Invoke-RemoteTask 'sleep 300'
        $other = Invoke-RemoteTask $gate.Wait
        Stop-RemoteTask $one -Force
        (Get-RemoteTask $other.Id).State | Should -Be 'Running'
        $gate.Open()
        (Wait-RemoteTask $other).State | Should -Be 'Succeeded'
    }

    It 'may be asked twice' {
        $task = Invoke-RemoteTask 'sleep 300'
        Stop-RemoteTask $task -Force
        { Stop-RemoteTask $task -Force -ErrorAction Stop } | Should -Not -Throw
    }

    It 'stops a task that another session has sent, by its host' -Tag Fleet {
        Add-Fleet
        $task = Invoke-RemoteTask 'sleep 300' h2 -Id s-other
        Use-NewSession
        (Stop-RemoteTask s-other -HostName h2 -Force -PassThru).State | Should -Be 'Stopped'
    }

    It 'stops a task on the hosts of a set, with one error for each that does not have it' -Tag Fleet {
        Add-Fleet
        $null = Invoke-RemoteTask 'sleep 300' h1, h2 -Id s-set
        Use-NewSession
        $stopped = Stop-RemoteTask s-set -HostName '@fleet' -Force -Grace 0 -PassThru -ErrorAction SilentlyContinue -ErrorVariable failure
        $stopped.HostName | Sort-Object | Should -Be 'h1', 'h2'
        $failure.Count | Should -Be 1
        $failure[0].FullyQualifiedErrorId | Should -BeLike 'TaskNotFound,*'
        $failure[0].Exception.Host | Should -Be 'h3'
    }

    It 'completes task ids' {
        $null = Invoke-RemoteTask 'true' -Id s-completes
        (Get-Completion 'Stop-RemoteTask s-comp').CompletionText | Should -Be 's-completes'
    }

    It 'stops all tasks whose ids are like a wildcard, and no other' {
        $null = 'sl-1', 'sl-2', 'tl-1' | ForEach-Object { Invoke-RemoteTask 'sleep 300' -Id $_ }
        $null = Invoke-RemoteTask 'true' -Id sl-ended -Wait 6>$null
        (Stop-RemoteTask 'sl-*' -Force -PassThru | Sort-Object Id).Id | Should -Be 'sl-1', 'sl-2' -Because 'the third has ended'
        (Get-RemoteTask tl-1).State | Should -Be 'Running'
        Stop-RemoteTask 'nothing*' -Force -ErrorAction Stop | Should -BeNullOrEmpty
        Use-NewSession
        (Stop-RemoteTask 't?-*' -HostName local -Confirm:$false -PassThru).Id | Should -Be 'tl-1' -Because 'the host knows it'
    }

    It 'shows with -WhatIf each task that is like a wildcard' {
        $null = 'sw-1', 'sw-2' | ForEach-Object { Invoke-RemoteTask 'sleep 300' -Id $_ }
        $said = Invoke-OtherProcess "Stop-RemoteTask 'sw-*' -WhatIf; Stop-RemoteTask 'sw-*' -HostName local -WhatIf"
        $said.Count | Should -Be 3 -Because 'with -HostName the host is not even asked'
        $said[0..1] -join ' ' | Should -Match 'sw-1.*sw-2'
        $said[2] | Should -Match 'sw-\*'
        (Get-RemoteTask 'sw-*').State | Should -Be 'Running', 'Running'
        Stop-RemoteTask 'sw-*' -Force
    }
}
