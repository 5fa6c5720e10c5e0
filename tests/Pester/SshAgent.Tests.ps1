# The SSH agent of this session in a task: a real ssh-agent, and hosts that forward it.
BeforeAll {
    . "$PSScriptRoot/Setup.ps1"
    Add-Fleet
    $agent = Start-SshAgent
    # What a task's ssh sees: how many keys.
    $keys = 'ssh-add -l 2>/dev/null | wc -l'
}

AfterAll {
    Clear-Sandbox
    Stop-SshAgent $agent
}

Describe 'A task with the SSH agent' {
    It 'reaches its keys with -ForwardAgent, and sees no socket without' {
        Invoke-RemoteTask $keys h1 -ForwardAgent -Wait 6>$null | Get-RemoteTaskLog -Raw | Should -Match '^\s*1\s*$'
        Invoke-RemoteTask 'echo ${SSH_AUTH_SOCK-none}' h1 -Wait 6>$null | Get-RemoteTaskLog -Raw | Should -Be 'none'
    }

    It 'is not started with -RequireAgent where this session has no agent, and nothing is sent' {
        $before = Get-ConnectionCount h2
        $socket, $env:SSH_AUTH_SOCK = $env:SSH_AUTH_SOCK, $null
        try { { Invoke-RemoteTask $keys h2 -RequireAgent -ErrorAction Stop } | Should -Throw -ErrorId 'CredentialUnavailable,*' }
        finally { $env:SSH_AUTH_SOCK = $socket }
        Get-ConnectionCount h2 | Should -Be $before
    }

    It 'is what -RequireAgent lets start, on this machine too' {
        Invoke-RemoteTask $keys h1, local -Id both -RequireAgent -Wait 6>$null | Get-RemoteTaskLog -Raw | Should -Match '^\s*1\s*$'
    }

    It 'is said by -WhatIf to get it' {
        $pipeline = Start-Pipeline 'Invoke-RemoteTask true h1 -ForwardAgent -WhatIf'
        Complete-Pipeline $pipeline | Should -BeNullOrEmpty
        { Add-DispatchHost boxed h1 -Container box -Force; Invoke-RemoteTask true boxed -KeepAgent -WhatIf -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidInput,*'
    }
}

Describe 'Invoke-RemoteTask -KeepAgent' {
    It 'emits the task at once, and a job keeps the agent until the task has ended' {
        $gate = New-Gate
        $task = Invoke-RemoteTask "$($gate.Wait); $keys" h1 -KeepAgent
        $task.State | Should -Be 'Running'
        $job = Get-Job "Agent-$($task.Id)"
        $job.State | Should -Be 'Running'
        $job.Location | Should -Be 'h1'
        $gate.Open()
        $null = $job | Wait-Job -Timeout 30
        $job.State | Should -Be 'Completed'
        ($job | Receive-Job).State | Should -Be 'Succeeded'
        Get-RemoteTaskLog $task -Raw | Should -Match '^\s*1\s*$'
        $job | Remove-Job
    }

    It 'leaves the task alone when its job is stopped, and lets go of the agent' {
        $gate = New-Gate
        $task = Invoke-RemoteTask "$($gate.Wait); $keys" h2 -KeepAgent
        $job = Get-Job "Agent-$($task.Id)"
        $link = "$(($FleetHosts | Where-Object name -EQ h2).home)/.remote-dispatch/tasks/.agent"
        (Get-Item -Force $link).LinkTarget | Should -Not -Be '/dev/null'
        $job | Stop-Job
        $job.State | Should -Be 'Stopped'
        Wait-Until { (Get-Item -Force $link).LinkTarget -eq '/dev/null' }
        (Get-RemoteTask $task.Id -HostName h2 -Cached).State | Should -Be 'Running'
        $gate.Open()
        $job | Remove-Job
    }

    It 'needs no job with -Wait' {
        $task = Invoke-RemoteTask $keys h1 -KeepAgent -Wait 6>$null
        Get-RemoteTaskLog $task -Raw | Should -Match '^\s*1\s*$'
        Get-Job "Agent-$($task.Id)" -ErrorAction Ignore | Should -BeNullOrEmpty
    }
}

Describe 'Wait-RemoteTask -KeepAgent' {
    It 'gives a task of another session its agent back' {
        $gate = New-Gate
        $task = Invoke-RemoteTask "$($gate.Wait); $keys" h3 -ForwardAgent
        Use-NewSession
        $pipeline = Start-Pipeline 'Wait-RemoteTask $With.Id -HostName h3 -KeepAgent' @{ Id = $task.Id }
        $link = "$(($FleetHosts | Where-Object name -EQ h3).home)/.remote-dispatch/tasks/.agent"
        Wait-Until { Test-Path (Get-Item -Force $link).LinkTarget }
        $gate.Open()
        (Complete-Pipeline $pipeline).State | Should -Be 'Succeeded'
        Get-RemoteTaskLog $task.Id -HostName h3 -Raw | Should -Match '^\s*1\s*$'
    }

    It 'is an error for a task that was sent without one' {
        $gate = New-Gate
        $task = Invoke-RemoteTask $gate.Wait h1
        { Wait-RemoteTask $task -KeepAgent -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidInput,*'
        $gate.Open()
    }
}
