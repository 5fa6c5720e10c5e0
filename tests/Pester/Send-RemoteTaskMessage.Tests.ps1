BeforeAll { . "$PSScriptRoot/Setup.ps1" }
AfterAll { Clear-Sandbox }

Describe 'Send-RemoteTaskMessage' -Tag Local {
    It 'reaches the task to the character, oldest first' {
        $task = Invoke-RemoteTask 'rd inbox --wait 30; rd inbox --wait 30; rd inbox --wait 30'
        $hostile = "it's `"quoted`" `$(id) ``x`` \ %s`n漢🚀"
        Send-RemoteTaskMessage $task 'first', $hostile | Should -BeNullOrEmpty
        Send-RemoteTaskMessage $task.Id last
        (Get-RemoteTaskLog $task -Follow -Raw) -join "`n" | Should -BeExactly "first`n$hostile`nlast"
    }

    It 'sends to all tasks of the pipeline, and emits them with -PassThru' {
        $tasks = 1..3 | ForEach-Object { Invoke-RemoteTask 'rd inbox --wait 30' }
        $sent = $tasks | Send-RemoteTaskMessage -Message go -PassThru
        $sent.Id | Sort-Object | Should -Be ($tasks.Id | Sort-Object)
        ($tasks | Wait-RemoteTask).State | Should -Be 'Succeeded', 'Succeeded', 'Succeeded'
    }

    It 'means the tasks that run with wildcards' {
        $null = Invoke-RemoteTask 'true' -Id like-ended -Wait 6>$null
        $task = Invoke-RemoteTask 'rd inbox --wait 30' -Id like-runs
        Send-RemoteTaskMessage like-* go -ErrorAction Stop
        (Wait-RemoteTask $task).State | Should -Be 'Succeeded'
    }

    It 'delivers a message once under its name' {
        $gate = New-Gate
        $task = Invoke-RemoteTask "rd inbox --wait 30; $($gate.Wait); rd inbox --all || echo none"
        1..3 | ForEach-Object { Send-RemoteTaskMessage $task deploy -MessageId deploy1 }
        Wait-Until { Get-RemoteTaskLog $task }
        Send-RemoteTaskMessage $task deploy -MessageId deploy1
        $gate.Open()
        Get-RemoteTaskLog $task -Follow -Raw | Should -Be 'deploy', 'none'
    }

    It 'refuses what is no message before anything is sent' {
        { Send-RemoteTaskMessage nobody "a`0b" } | Should -Throw -ErrorId 'InvalidInput,*'
        { Send-RemoteTaskMessage nobody ('x' * 65537) } | Should -Throw -ErrorId 'InvalidInput,*'
        { Send-RemoteTaskMessage nobody '' } | Should -Throw
        { Send-RemoteTaskMessage nobody x -MessageId '../x' } | Should -Throw
    }

    It 'tells of a task that has ended, and of one that is not there' {
        $task = Invoke-RemoteTask 'true' -Wait 6>$null
        { Send-RemoteTaskMessage $task x -ErrorAction Stop } | Should -Throw -ErrorId 'TaskEnded,RemoteDispatch.PowerShell.Tasks.SendRemoteTaskMessageCommand'
        { Send-RemoteTaskMessage nobody x -ErrorAction Stop } | Should -Throw -ErrorId 'TaskNotFound,*'
    }

    It 'leaves nothing of a waiting task that is stopped' {
        $task = Invoke-RemoteTask 'rd status waiting; rd inbox --wait 600'
        Wait-Until { Get-RemoteTaskEvent $task }
        (Stop-RemoteTask $task -Force -PassThru).State | Should -Be 'Stopped'
        Test-Process $task.Process.Pid | Should -BeFalse
    }

    It 'opens no connection of its own' -Tag Fleet {
        Add-Fleet
        Use-NewSession
        $task = Invoke-RemoteTask 'rd inbox --wait 30; rd inbox --wait 30' h1
        $before = Get-ConnectionCount h1
        Send-RemoteTaskMessage $task one, two
        Get-ConnectionCount h1 | Should -Be $before
        Get-RemoteTaskLog $task -Follow -Raw | Should -Be 'one', 'two'
    }

    It 'completes task ids' {
        $null = Invoke-RemoteTask 'true' -Id completes
        (Get-Completion 'Send-RemoteTaskMessage comp').CompletionText | Should -Be 'completes'
    }
}
